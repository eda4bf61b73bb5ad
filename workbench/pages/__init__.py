"""What all pages share on the server side."""
