"""Networks for phones: files of ExecuTorch's, written and tried in an environment of their own (`make phone`)."""
