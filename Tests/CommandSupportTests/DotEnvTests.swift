import CommandSupport
import Foundation
import Testing

@Suite("The text of a .env file")
struct DotEnvTests {
    /// What python-dotenv makes of a text; `Scripts/make-dotenv-goldens.py` asks it.
    struct Golden: Decodable, CustomTestStringConvertible {
        let text: String
        let values: [String: String]
        let unreadableLines: [Int]

        var testDescription: String { text.debugDescription }
    }

    private static let goldens: [Golden] = {
        struct File: Decodable {
            let cases: [Golden]
        }
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/dotenv.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let data = try? Data(contentsOf: path), let file = try? decoder.decode(File.self, from: data) else {
            return []
        }
        return file.cases
    }()

    @Test("There are goldens")
    func goldensExist() {
        #expect(Self.goldens.count > 60)
    }

    @Test("means what python-dotenv says it means", arguments: goldens)
    func golden(_ golden: Golden) {
        let file = DotEnv(golden.text)
        #expect(file.values == golden.values)
        #expect(file.unreadableLines == golden.unreadableLines)
    }

    @Test("takes variables of the environment before its own settings")
    func environment() {
        let file = DotEnv("USER=file\nURL=postgresql://${USER}:${PASSWORD:-none}@h") {
            ["USER": "environment", "PASSWORD": ""][$0]
        }
        #expect(file.values["URL"] == "postgresql://environment:@h")
        #expect(file.values["USER"] == "file")
    }

    @Test("names the line that cannot be read, blank lines counted")
    func lineNumbers() {
        #expect(DotEnv("A=b\r\n\r\n# c\r\nno setting\r\nC=\"d\re\"\r=x\n").unreadableLines == [4, 7])
    }
}
