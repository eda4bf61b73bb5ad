"""Notebook servers forked from a parent that has loaded JupyterLab: less time to start, less memory for each.

parent   loads once, holds nothing secret, forks a keeper for each request that comes by its socket
keeper   the server's supervisor (workbench.hub.runner): writes the meter's record, ends what it started
mother   first process inside the walls: forks the server, and kernels when the server asks
client   the Hub's side
"""
