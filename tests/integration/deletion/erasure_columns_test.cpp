// What the product's own columns are blanked with, whatever they are.
#include "erasure_fixture.hpp"

#include <gmock/gmock.h>

namespace chatear::deletion {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST_F(ErasureTest, NamesTheColumnsThatCannotBeBlanked) {
    before_us(
        "CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email varchar(40) "
        "UNIQUE NOT NULL, is_deleted boolean NOT NULL DEFAULT false, birthday date NOT NULL, "
        "phone text, upper_phone text GENERATED ALWAYS AS (upper(phone)) STORED)"
    );
    EXPECT_EQ(mistake({"phone", "name", "locale"}), "");
    EXPECT_THAT(
        mistake({"email", "birthday", "upper_phone", "fax"}),
        AllOf(
            HasSubstr("column email"),
            HasSubstr("too short"),
            HasSubstr("column birthday"),
            HasSubstr("column upper_phone"),
            HasSubstr("column fax")
        )
    );
}

struct Product {
    std::string name, id_type, first, second;
};

class ErasureOfAnyIds : public ErasureTest, public testing::WithParamInterface<Product> {};

// NOT NULL under unique keys of all kinds: two erased accounts must not collide.
TEST_P(ErasureOfAnyIds, FillsNeededColumnsWithWhatCannotCollide) {
    const Product& product = GetParam();
    before_us(
        "CREATE DOMAIN word AS varchar(60) NOT NULL; CREATE TABLE users (id " + product.id_type +
        " PRIMARY KEY, email varchar(80) NOT NULL, name text NOT NULL, handle word UNIQUE, nick "
        "text, "
        "is_deleted boolean NOT NULL DEFAULT false);"
        "CREATE UNIQUE INDEX ON users (lower(email)); CREATE UNIQUE INDEX ON users "
        "(coalesce(nick, '')); "
        "INSERT INTO users VALUES ('" +
        product.first + "', 'ann@example.test', 'Ann', 'ann', 'a', true), ('" + product.second +
        "', 'bob@example.test', 'Bob', 'bob', 'b', true)"
    );
    at_ = &process();
    deletion_of_account(product.first, "31 days");
    deletion_of_account(product.second, "32 days");
    PostgresErasure with = erasure({"email", "name", "handle", "nick", "locale"});
    run([&]() -> asio::awaitable<void> {
        const Result<void> prepared = co_await with.prepare();
        EXPECT_TRUE(prepared) << prepared.error().message;
        const std::optional<PostgresErasure::Due> behind_nothing;
        const std::vector<PostgresErasure::Due> due = co_await with.due(behind_nothing, 10);
        EXPECT_EQ(due.size(), 2u);
        for (const PostgresErasure::Due& one : due) {
            const Erasure done =
                co_await with.erase(one.deletion_id, PostgresErasure::Mode::carry_out);
            EXPECT_EQ(done.answer, ErasureAnswer::erased) << done.why;
        }
        const std::optional<PostgresErasure::Due> last = due.at(0);
        const std::vector<PostgresErasure::Due> rest = co_await with.due(last, 10);
        EXPECT_TRUE(rest.empty());
    });
    const auto blanked = [](const std::string& id) {
        return id + "|erased-" + id + "@invalid||erased-" + id + "|erased-" + id + "|t";
    };
    EXPECT_EQ(
        sql("SELECT id, email, name, handle, nick, is_deleted FROM users ORDER BY id::text"),
        blanked(product.first) + "\n" + blanked(product.second)
    );
    EXPECT_EQ(
        sql("SELECT coalesce(user_id::text, meta ->> 'user_id') FROM action_logs WHERE action = "
            "'user.erased' ORDER BY chain_seq"),
        product.second + "\n" + product.first
    );
    EXPECT_EQ(verified().broken, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    Types,
    ErasureOfAnyIds,
    testing::Values(
        Product{
            "uuid",
            "uuid",
            "6f3b2c1e-0000-4000-8000-000000000001",
            "6f3b2c1e-0000-4000-8000-000000000002"},
        Product{"bigint", "bigint", "70", "9"},
        Product{"text", "text", "a-1", "b \"c\""}
    ),
    [](const auto& product) { return product.param.name; }
);

}  // namespace
}  // namespace chatear::deletion
