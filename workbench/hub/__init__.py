"""The face towards JupyterHub."""
