from dashboards._page import Page
def label(store): return "sample data: Philly 2017 job log, replayed"
def build(asked): return Page("About the data","About the data")
