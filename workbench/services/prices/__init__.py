"""The price list: files in, versions stored."""
