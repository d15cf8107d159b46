"""How rows are judged: questions, judges, rulers, intervals, and what a number depends on."""
