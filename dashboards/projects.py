from dashboards._asked import Asked
from dashboards._page import Page
def build(asked: Asked) -> Page:
    return Page("Subsidy spend","Subsidy spend")
