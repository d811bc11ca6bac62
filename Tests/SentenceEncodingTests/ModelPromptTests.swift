import CPUCompute
import SentenceEncoding
import Testing
import Tokenization

@Suite("A prompt before each text")
struct ModelPromptTests {
    private static let file = "config_sentence_transformers.json"

    /// The prompts of a folder with this content of its configuration.
    private func prompts(_ content: String, given: String? = nil) async throws -> Prompts {
        try await withModel(FolderVariant.base) { folder in
            try folder.write(content, to: Self.file)
            return try ModelFolder(path: folder.path, documentPrompt: given).prompts
        }
    }

    @Test(
        "is the one of the name document, as for the reference's encode_document, which comes to no other",
        arguments: [
            (#"{}"#, "", ""), (#"{"prompts": {}}"#, "", ""), (#"{"prompts": {"query": "q: "}}"#, "", "q: "),
            (#"{"prompts": {"query": "query: ", "passage": "passage: "}}"#, "", "query: "),
            (#"{"prompts": {"document": "", "passage": "p: ", "corpus": "c: "}}"#, "", ""),
            (#"{"prompts": {"document": null, "passage": "p: "}}"#, "", ""),
            (#"{"prompts": {"corpus": "c: ", "document": "d: "}}"#, "d: ", ""),
            (#"{"prompts": {"corpus": "c: ", "classification": "x: "}}"#, "", ""),
            (#"{"prompts": {"query": "q: ", "document": "d: "}, "default_prompt_name": "query"}"#, "d: ", "q: "),
            (#"{"prompts": {"document": "d: "}, "default_prompt_name": "document"}"#, "d: ", ""),
            (#"{"prompts": {"none": ""}, "default_prompt_name": "none"}"#, "", ""),
            (#"{"default_prompt_name": "query"}"#, "", ""),
        ])
    func ofFolder(content: String, document: String, query: String) async throws {
        #expect(try await prompts(content) == Prompts(document: document, query: query))
    }

    @Test("is what the caller says, whatever the folder does")
    func given() async throws {
        let content = #"{"prompts": {"query": "q: ", "passage": "p: "}}"#
        #expect(try await prompts(content, given: "") == Prompts(query: "q: "))
        #expect(try await prompts(content, given: "x ") == Prompts(document: "x ", query: "q: "))
        let undecided = #"{"prompts": {"x": "x: ", "passage": "p: "}, "default_prompt_name": "x"}"#
        #expect(try await prompts(undecided, given: "") == Prompts())
        await #expect(throws: SentenceEncodingError.self) { try await prompts(undecided) }
    }

    @Test("has a line in the fingerprint of what is stored, none in that of the model alone, and none if it is empty")
    func fingerprint() throws {
        func lines(_ prompt: String?, template: String?) throws -> [String] {
            try ModelFingerprint(of: ModelFolder(path: FolderVariant.base, documentPrompt: prompt), template: template)
                .lines
        }
        let plain = try lines(nil, template: "{title}")
        #expect(try lines("passage: \n\"", template: "{title}") == plain + [#"prompt="passage: \n\"""#])
        #expect(try lines("", template: "{title}") == plain)
        #expect(try lines("passage: ", template: nil) == lines(nil, template: nil))
    }

    @Test("makes no text of nothing, and stands before no canary")
    func tokens() throws {
        func encoder(_ prompt: String?) throws -> some TextEncoder {
            try SentenceEncoder(
                model: ModelFolder(path: FolderVariant.base, documentPrompt: prompt),
                backend: CPUBackend(workerCount: 1))
        }
        let (plain, prompted) = (try encoder(nil), try encoder("the sea "))
        #expect(prompted.tokenize("ice").ids == plain.tokenize("the sea ice").ids)
        #expect(prompted.tokenize("").isBlank && prompted.tokenize("").ids == plain.tokenize("the sea").ids)
        #expect(prompted.tokenize(Canary(text: "ice", vector: [])).ids == plain.tokenize("ice").ids)
    }

    @Test("stands before questions, too, and is then another")
    func questions() async throws {
        let plain = try SentenceEncoder(
            model: ModelFolder(path: FolderVariant.base), backend: CPUBackend(workerCount: 1))
        #expect(plain.tokenizeQuery("ice").ids == plain.tokenize("ice").ids)
        try await withModel(FolderVariant.base) { folder in
            try folder.write(#"{"prompts": {"query": "the sea ", "document": "a ship "}}"#, to: Self.file)
            let prompted = try SentenceEncoder(
                model: ModelFolder(path: folder.path), backend: CPUBackend(workerCount: 1))
            #expect(prompted.tokenizeQuery("ice").ids == plain.tokenize("the sea ice").ids)
            #expect(prompted.tokenize("ice").ids == plain.tokenize("a ship ice").ids)
        }
    }

    @Test("is refused where it leaves no room for a text, or its tokens are to be left out of the vector")
    func refusals() async throws {
        let prompt = [String](repeating: "sea", count: 62).joined(separator: " ")
        let model = try ModelFolder(path: FolderVariant.base, documentPrompt: prompt)
        #expect(throws: SentenceEncodingError.vocabulary(.promptTooLong(maxTokens: 62))) {
            try SentenceEncoder(model: model, backend: CPUBackend(workerCount: 1))
        }
        try await withModel(FolderVariant.base) { folder in
            try folder.set(["include_prompt": false], in: "1_Pooling/config.json")
            _ = try ModelFolder(path: folder.path)
            let error = try #require(throws: SentenceEncodingError.self) {
                try ModelFolder(path: folder.path, documentPrompt: "sea ")
            }
            #expect(error.description.contains("1_Pooling/config.json: include_prompt is false"))
        }
    }
}
