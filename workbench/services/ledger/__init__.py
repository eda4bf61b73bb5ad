"""The ledger: post, bring up, close, verify, export, sums by month."""
