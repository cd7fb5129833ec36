def main():
    return {"message": "hi"}
