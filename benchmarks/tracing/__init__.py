"""The parts of ``benchmarks/derivation.py``: real pull requests, what is made of them, and how answers are scored."""
