"""The pages of the workbench: one file a page, run as one service of the Hub."""
