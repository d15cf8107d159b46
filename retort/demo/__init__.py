"""One HTML file that runs teachers and students in the browser, without a network, beside the exact images."""


class DemoError(ValueError):
    """The page cannot be made as things are; the message says what to do."""
