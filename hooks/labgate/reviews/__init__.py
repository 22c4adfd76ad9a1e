"""Reviews: review markers, approvals, the people behind them, and the quorum."""
