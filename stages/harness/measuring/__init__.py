"""How translators are measured: the questions, the judges, the numbers, and what a number depends on."""
