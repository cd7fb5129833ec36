import json


def parse(text):
    print("about to parse")
    return json.loads(text)


def main(text):
    value = parse(text)
    return value
