#include "postgres/migrations.hpp"

#include "base/digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace chatear::postgres {
namespace {

constexpr std::size_t digits_of_number = 4;

std::string file_name(const Migration& migration) {
    return fmt::format("{:04}_{}.sql", migration.number, migration.name);
}

Result<Migration> load(const std::filesystem::path& path) {
    const std::string stem = path.stem().string();
    Migration migration;
    const char* const begin = stem.data();
    const char* const end = begin + std::min(stem.size(), digits_of_number);
    const auto [parsed, error] = std::from_chars(begin, end, migration.number);
    const bool named = stem.size() > digits_of_number + 1 && stem[digits_of_number] == '_';
    if (error != std::errc() || parsed != end || migration.number < 1 || !named) {
        return Error{fmt::format(
            "{}: a migration's name has the form 0001_what_it_does.sql", path.string()
        )};
    }
    migration.name = stem.substr(digits_of_number + 1);
    std::ifstream file(path, std::ios::binary);
    migration.sql.assign(std::istreambuf_iterator<char>(file), {});
    if (!file || migration.sql.empty()) {
        return Error{fmt::format("{}: cannot be read, or is empty", path.string())};
    }
    migration.checksum = to_hex(sha256(migration.sql));
    return migration;
}

}  // namespace

Result<std::vector<Migration>> load_migrations(const std::string& directory) {
    std::error_code error;
    std::vector<Migration> migrations;
    std::filesystem::directory_iterator entry(directory, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        if (entry->path().extension() != ".sql") {
            continue;
        }
        Result<Migration> migration = load(entry->path());
        if (!migration) {
            return migration.error();
        }
        migrations.push_back(std::move(*migration));
    }
    if (error) {
        return Error{fmt::format("{}: {}", directory, error.message())};
    }
    std::sort(
        migrations.begin(),
        migrations.end(),
        [](const Migration& left, const Migration& right) { return left.number < right.number; }
    );
    const auto twice = std::adjacent_find(
        migrations.begin(),
        migrations.end(),
        [](const Migration& left, const Migration& right) { return left.number == right.number; }
    );
    if (twice != migrations.end()) {
        return Error{fmt::format(
            "{}: two migrations with one number: {} and {}",
            directory,
            file_name(*twice),
            file_name(*std::next(twice))
        )};
    }
    return migrations;
}

Result<std::vector<Migration>> plan_migrations(
    const std::vector<Migration>& files, const std::vector<AppliedMigration>& applied
) {
    std::map<int, const AppliedMigration*> by_number;
    for (const AppliedMigration& row : applied) {
        by_number[row.number] = &row;
    }
    std::vector<Migration> pending;
    for (const Migration& file : files) {
        const auto found = by_number.find(file.number);
        if (found == by_number.end()) {
            pending.push_back(file);
        } else if (found->second->checksum != file.checksum) {
            return Error{fmt::format(
                "{} was changed after it had been applied; put the old file back and write a new "
                "migration for "
                "what is to change",
                file_name(file)
            )};
        }
    }
    return pending;
}

std::string dry_run_text(const std::vector<Migration>& pending) {
    std::string text;
    for (const Migration& migration : pending) {
        text += fmt::format("-- {}\nBEGIN;\n{}\nCOMMIT;\n", file_name(migration), migration.sql);
    }
    return text;
}

}  // namespace chatear::postgres
