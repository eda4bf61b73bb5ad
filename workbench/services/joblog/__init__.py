"""Job logs of any centre: CSV or Parquet through a mapping. `parse.parse_joblog` is the way in."""
