"""What moved a number: parts of a change that add up to it."""
