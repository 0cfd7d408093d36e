"""Data the product reasons with, each row with its source: definitions, radios, costs, registers, targets."""
