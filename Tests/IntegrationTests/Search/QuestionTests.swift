import DatasetSearch
import Testing

@Suite("A question")
struct QuestionTests {
    @Test(
        "goes to the encoder without operators and without what is not wanted",
        arguments: [
            ("sea ice", "sea ice"), ("  sea\t\nice ", "sea ice"), (#""sea ice" wind"#, "sea ice wind"),
            ("sea OR ice", "sea ice"), ("sea or ice", "sea or ice"), ("ORE", "ORE"), ("sea -ice wind", "sea wind"),
            (#"sea -"ice and wind" bus"#, "sea bus"), ("sea-ice", "sea-ice"), ("sea - ice", "sea - ice"),
            (#""sea ice"-wind"#, "sea ice"), (#""sea -ice""#, "sea -ice"), (#""not closed"#, "not closed"),
            (#"sea -"not closed"#, "sea"), ("sea --ice", "sea"), ("sea,-ice", "sea,-ice"), ("海 -冰", "海"),
            (#"sea"ice"wind"#, "sea ice wind"), ("C++ -Java", "C++"), ("!!!", "!!!"), ("sea -", "sea -"),
        ])
    func words(text: String, words: String) throws {
        let question = try Question(text)
        #expect(question.words == words)
        #expect(question.text == text)
    }

    @Test(
        "wants something",
        arguments: ["", " ", "\t\n\r\n", "\u{A0}\u{2003}", "-sea", #"-"sea ice" -wind"#, #""""#, "OR"])
    func blank(text: String) {
        #expect(throws: QuestionError.blank) { try Question(text) }
    }

    @Test("has no more bytes than are read, and no NUL")
    func limits() throws {
        let longest = String(repeating: "é", count: Question.byteLimit / 2)
        #expect(try Question(longest).words == longest)
        #expect(throws: QuestionError.tooLong(bytes: Question.byteLimit + 1)) { try Question(longest + "x") }
        #expect(throws: QuestionError.holdsNUL) { try Question("sea\0ice") }
        #expect(QuestionError.holdsNUL.description.contains("NUL"))
    }
}
