"""The vocabulary: values that all packages share. They import nothing of labgate but each other."""
