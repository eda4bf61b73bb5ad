"""The database, the raw captures and the Parquet lake."""
