"""What conda-forge knows: names, requirements, markers and recipes; pure functions over text and metadata."""
