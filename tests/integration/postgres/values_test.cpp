#include "base/utc.hpp"
#include "fixture.hpp"

#include <rapidcheck/gtest.h>

namespace chatear::postgres {
namespace {

using Elements = std::vector<std::optional<std::string>>;

class ValuesTest : public PostgresTest {};

// Random texts with what arrays give a meaning to, and some UTF-8.
Elements random_elements() {
    const auto texts = *rc::gen::container<std::vector<std::vector<std::string>>>(
        rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
            "a", "\"", "\\", ",", "{", "}", " ", "\n", "\t", "NULL", "é", "😀", "'", "$1", "\x01"
        ))
    );
    Elements elements;
    for (const auto& pieces : texts) {
        std::string text;
        for (const std::string& piece : pieces) {
            text += piece;
        }
        elements.emplace_back(std::move(text));
        if (pieces.size() % 5 == 4) {
            elements.emplace_back(std::nullopt);
        }
    }
    return elements;
}

RC_GTEST_FIXTURE_PROP(ValuesTest, ArraysReachTheServerAsTheyAre, ()) {
    const Elements elements = random_elements();
    Elements texts;
    Elements raw;
    const auto work = [&](Pool& pool) -> asio::awaitable<void> {
        Params params;
        params.optional_texts(elements).optional_byte_strings(elements);
        const QueryResult rows = co_await pool.query(
            "SELECT t, b FROM unnest($1::text[], $2::bytea[]) AS u (t, b)", params
        );
        for (std::size_t row = 0; row < rows->size(); ++row) {
            texts.push_back(rows->optional_text(row, 0));
            raw.push_back(
                rows->is_null(row, 1) ? std::nullopt : std::optional(rows->bytes(row, 1))
            );
        }
    };
    ConnectionOptions one = options_for(test::PostgresServer::shared().url());
    one.connections = 1;
    with_pool(one, work);
    RC_ASSERT(texts == elements);
    RC_ASSERT(raw == elements);
}

TEST_F(ValuesTest, EachTypeComesBackEqual) {
    const auto work = [](Pool& pool) -> asio::awaitable<void> {
        const Time time = parse_time("2026-11-23T18:04:05.123456Z").value();
        Params params;
        params.integers({1, -2})
            .booleans({true, false})
            .times({time, time})
            .text("{\"a\": [1, \"\\u00e9\"]}")
            .time(time);
        const QueryResult rows = co_await pool.query(
            "SELECT i, b, t, $4::jsonb ->> 'a' AS j, $5::timestamptz AS at FROM "
            "unnest($1::bigint[], $2::bool[], "
            "$3::timestamptz[]) AS u (i, b, t)",
            params
        );
        EXPECT_EQ(rows->size(), 2U);
        EXPECT_EQ(rows->integer(1, "i"), -2);
        EXPECT_FALSE(rows->boolean(1, "b"));
        EXPECT_EQ(rows->time(0, "t"), time);
        EXPECT_EQ(rows->text(0, "j"), "[1, \"é\"]");
        EXPECT_EQ(rows->time(0, "at"), time);
    };
    with_pool(options(), work);
}

}  // namespace
}  // namespace chatear::postgres
