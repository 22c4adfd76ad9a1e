"""The vocabulary: values that every other package speaks in. They import nothing of labgate but each other."""
