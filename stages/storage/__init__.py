"""The one format of prepared data as it is read, labels, published weights, and the hashes of files."""
