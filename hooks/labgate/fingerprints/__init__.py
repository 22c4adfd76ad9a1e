"""What a commit consists of: patches, features, patch ids, and the index that keeps them."""
