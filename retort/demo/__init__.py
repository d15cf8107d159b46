"""One HTML file that runs teachers and students in the browser, without a network, beside the exact images."""
