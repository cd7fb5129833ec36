import json


class Refused(ValueError):
    pass


def parse(text):
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Refused(f"line {error.lineno}, column {error.colno}") from error


def main():
    caught = []
    try:
        parse('{"a": }')
    except Refused as error:
        caught.append([type(error).__name__, str(error), type(error.__cause__).__name__])
    try:
        1 / 0
    except ZeroDivisionError as error:
        caught.append([type(error).__name__, str(error)])
    finally:
        caught.append("finally")
    try:
        raise SystemExit(7)
    except SystemExit as error:
        caught.append(error.code)
    return caught
