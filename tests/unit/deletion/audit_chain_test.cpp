#include "deletion/audit_chain.hpp"

#include "base/digest.hpp"
#include "base/utc.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace chatear::deletion {
namespace {

/// The test vector of docs/audit.md.
AuditRow documented() {
    AuditRow row;
    row.id = "17";
    row.user_id = "6f3b2c1e-0000-4000-8000-000000000001";
    row.action = "deletion.requested";
    row.created_at = *parse_time("2026-11-25T12:34:56.789012Z");
    row.meta = R"({"event_id": "olá-1", "deletion_id": "7"})";
    row.chain_seq = 42;
    for (char byte = 0; byte < 32; ++byte) {
        row.prev_hash += byte;
    }
    return row;
}

TEST(AuditChain, HashesTheDocumentedRow) {
    EXPECT_EQ(
        to_hex(audit_hash(documented())),
        "19e769c806e07aab6d3537eefeae997b935c67bde1c001e136a61b87e7f2ed7c"
    );
}

TEST(AuditChain, WhatIsNotThereIsALengthOfItsOwn) {
    AuditRow row;
    row.id = "17";
    row.action = "login";
    EXPECT_EQ(
        to_hex(audit_binary_form(row)),
        "000000000000000d616374696f6e5f6c6f67732031ffffffffffffffffffffffffffffffff"
        "00000000000000023137ffffffffffffffff00000000000000056c6f67696e"
        "ffffffffffffffffffffffffffffffff"
    );
    // By the script of docs/audit.md.
    EXPECT_EQ(
        to_hex(audit_hash(row)), "c6ee38d865adfe27ddb87a73ede89c5447d9e2b546d65bf578b6b0a06396fd40"
    );
}

TEST(AuditChain, EveryFieldCountsAndNoByteCanMoveToItsNeighbour) {
    std::vector<AuditRow> rows(11, documented());
    rows[1].id = "18";
    rows[2].user_id.reset();
    rows[3].user_id = "";
    rows[4].action = "deletion.cancelled";
    *rows[5].created_at += std::chrono::microseconds(1);
    rows[6].created_at.reset();
    rows[7].meta = "{}";
    rows[8].chain_seq = 43;
    rows[9].prev_hash[31] = 'x';
    rows[10].id = "1";
    rows[10].user_id = "7" + *rows[0].user_id;
    std::set<std::string> hashes;
    for (const AuditRow& row : rows) {
        hashes.insert(audit_hash(row));
    }
    EXPECT_EQ(hashes.size(), rows.size());
}

// A time before 1970 is a negative number.
TEST(AuditChain, TakesTimesOfEverySign) {
    AuditRow row = documented();
    row.created_at = Time(std::chrono::microseconds(-1));
    EXPECT_NE(
        audit_binary_form(row).find(std::string(7, '\0') + '\x08' + std::string(8, '\xff')),
        std::string::npos
    );
}

TEST(AuditChain, TheDigestOfRowsFromBeforeDependsOnTheirOrder) {
    AuditRow first;
    first.id = "1";
    AuditRow second;
    second.id = "2";
    const std::string one_way = fold_adopted(fold_adopted(chain_origin(), first), second);
    const std::string other_way = fold_adopted(fold_adopted(chain_origin(), second), first);
    EXPECT_NE(one_way, other_way);
    EXPECT_EQ(fold_adopted(chain_origin(), first), sha256(chain_origin() + audit_hash(first)));
}

}  // namespace
}  // namespace chatear::deletion
