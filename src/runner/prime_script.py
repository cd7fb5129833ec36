import json
import math


def helper(values):
    return {str(value): math.sqrt(value) for value in values}


def main():
    print("prime")
    text = json.dumps(helper(range(8)))
    try:
        raise ValueError("prime")
    except ValueError as error:
        return {"text": text, "error": str(error), "list": [1, 2.5, None, True, "x"]}
