"""The content of commits: patches, features, patch ids, and the index that stores them."""
