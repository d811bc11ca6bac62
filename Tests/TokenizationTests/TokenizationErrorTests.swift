import Testing
import Tokenization

@Suite("Tokenization errors")
struct TokenizationErrorTests {
    @Test(
        "A description names the file, the place and the thing",
        arguments: [
            (.unreadableVocabulary(path: "v.txt", reason: "no such file"), ["v.txt", "no such file"]),
            (.emptyVocabulary(path: "v.txt"), ["v.txt"]),
            (.vocabularyTooLarge(path: "v.txt", byteCount: 17, limit: 16), ["v.txt", "17", "16"]),
            (.invalidUTF8(path: "v.txt", line: 7), ["v.txt", "7"]),
            (.blankLine(path: "v.txt", line: 7), ["v.txt", "7"]),
            (.duplicateToken("the", path: "v.txt", firstLine: 7, secondLine: 9), ["v.txt", "\"the\"", "7", "9"]),
            (.missingSpecialToken("[CLS]"), ["[CLS]"]),
            (.emptyAddedToken, ["nothing"]),
            (.vanishingAddedToken("x"), ["\"x\""]),
            (.contestedBlanks(stripping: "x", token: "y"), ["\"x\"", "\"y\""]),
            (.twinAddedTokens("x", "y"), ["\"x\"", "\"y\""]),
            (.tooManyAddedTokens(byteCount: 17, limit: 16), ["17", "16"]),
            (.promptTooLong(maxTokens: 8), ["8"]),
            (.maxTokensTooSmall(2, minimum: 3), ["2", "3"]),
            (.maxWordLengthTooSmall(0, minimum: 1), ["0", "1"]),
        ] as [(TokenizationError, [String])])
    func description(error: TokenizationError, parts: [String]) {
        for part in parts {
            #expect(error.description.contains(part))
        }
    }
}
