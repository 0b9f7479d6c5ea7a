#include "postgres/migrations.hpp"

#include "support/process.hpp"

#include <gtest/gtest.h>

namespace chatear::postgres {
namespace {

using test::TemporaryFolder;
using test::write_file;

TEST(Migrations, AreLoadedInTheOrderOfTheirNumbers) {
    const TemporaryFolder folder("migrations");
    write_file(folder / "0010_later.sql", "SELECT 10;");
    write_file(folder / "0002_sooner.sql", "SELECT 2;");
    write_file(folder / "README.md", "no migration");
    const auto loaded = load_migrations(folder.path().string());
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    ASSERT_EQ(loaded->size(), 2U);
    EXPECT_EQ((*loaded)[0].number, 2);
    EXPECT_EQ((*loaded)[0].name, "sooner");
    EXPECT_EQ((*loaded)[1].sql, "SELECT 10;");
    EXPECT_EQ((*loaded)[0].checksum.size(), 64U);
}

TEST(Migrations, RefuseAFileNamedOtherwise) {
    for (const char* name :
         {"1_short.sql", "0001.sql", "0001-dash.sql", "abcd_x.sql", "0000_zero.sql", "0001_.sql"}) {
        const TemporaryFolder folder("migrations");
        write_file(folder / name, "SELECT 1;");
        const auto loaded = load_migrations(folder.path().string());
        ASSERT_FALSE(loaded.has_value()) << name;
        EXPECT_NE(loaded.error().message.find(name), std::string::npos);
    }
}

TEST(Migrations, RefuseANumberThatStandsTwice) {
    const TemporaryFolder folder("migrations");
    write_file(folder / "0001_a.sql", "SELECT 1;");
    write_file(folder / "0001_b.sql", "SELECT 1;");
    const auto loaded = load_migrations(folder.path().string());
    ASSERT_FALSE(loaded.has_value());
    EXPECT_NE(loaded.error().message.find("0001_a.sql"), std::string::npos);
}

TEST(Migrations, NameAFolderThatIsMissing) {
    const auto loaded = load_migrations("/does/not/exist");
    ASSERT_FALSE(loaded.has_value());
    EXPECT_NE(loaded.error().message.find("/does/not/exist"), std::string::npos);
}

const std::vector<Migration> files = {{1, "a", "SELECT 1;", "aa"}, {2, "b", "SELECT 2;", "bb"}};

TEST(MigrationPlan, HoldsWhatIsNotAppliedYet) {
    EXPECT_EQ(plan_migrations(files, {}).value(), files);
    EXPECT_EQ(
        plan_migrations(files, {{1, "a", "aa", {}}}).value(), std::vector<Migration>{files[1]}
    );
    EXPECT_TRUE(plan_migrations(files, {{1, "a", "aa", {}}, {2, "b", "bb", {}}}).value().empty());
}

TEST(MigrationPlan, RefusesAFileThatChangedAfterItWasApplied) {
    const auto plan = plan_migrations(files, {{1, "a", "other", {}}});
    ASSERT_FALSE(plan.has_value());
    EXPECT_NE(plan.error().message.find("0001_a.sql"), std::string::npos);
}

TEST(MigrationPlan, LeavesWhatANewerVersionApplied) {
    EXPECT_TRUE(
        plan_migrations({files[0]}, {{1, "a", "aa", {}}, {7, "newer", "x", {}}}).value().empty()
    );
}

TEST(MigrationPlan, IsShownAsTheSqlThatWouldRun) {
    EXPECT_EQ(dry_run_text({files[1]}), "-- 0002_b.sql\nBEGIN;\nSELECT 2;\nCOMMIT;\n");
    EXPECT_EQ(dry_run_text({}), "");
}

}  // namespace
}  // namespace chatear::postgres
