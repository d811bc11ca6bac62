import DatasetTable
import Testing

@Suite("The name of a table")
struct TableNameTests {
    @Test(
        "with quotes as in SQL has one reading",
        arguments: [
            (#""datasets""#, nil, "datasets"), (#"public."datasets""#, "public", "datasets"),
            (#""my.schema"."my.table""#, "my.schema", "my.table"), (#""a""b".c"#, "a\"b", "c"),
            (#""a"".b""#, nil, "a\".b"), (#""My Schema"."Order.Items""#, "My Schema", "Order.Items"),
        ] as [(String, String?, String)])
    func quoted(text: String, schema: String?, table: String) {
        #expect(TableName(quoted: text) == TableName(schema: schema, table: table))
        #expect(TableName(new: text) == TableName(schema: schema, table: table))
    }

    @Test(
        "is verbatim without quotes, or with quotes where SQL has none",
        arguments: [
            "datasets", "public.datasets", "We ird\"", "datasets\" d; --", #"We ird.Data; "sets""#, #""a"b"#, #""a"#,
            #"a"."b"#, #""a"."b"."c""#, #""""#, #"."a""#, #""a"."#, "",
        ])
    func verbatim(text: String) {
        #expect(TableName(quoted: text) == nil)
    }

    @Test("of a table to be made has at most one dot outside quotes")
    func new() {
        #expect(TableName(new: "datasets") == TableName(schema: nil, table: "datasets"))
        #expect(TableName(new: "other.My Table") == TableName(schema: "other", table: "My Table"))
        for text in ["My Schema.Order.Items", "a..b", ".a", "a.", ""] { #expect(TableName(new: text) == nil) }
    }
}
