def main():
    # json.dumps turns such keys into strings; other keys are an invalid_result.
    return {1: "int", None: "none", False: "bool", 2.5: "float", "text": "str"}
