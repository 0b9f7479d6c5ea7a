#include "deletion/deletion.hpp"

#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

TEST(Deletion, EveryStatusHasItsWordAndTheWordLeadsBack) {
    for (const Status status :
         {Status::queued,
          Status::scheduled,
          Status::executed,
          Status::cancelled,
          Status::held,
          Status::failed}) {
        EXPECT_EQ(parse_status(to_text(status)), status);
    }
    EXPECT_EQ(parse_status("pending"), std::nullopt);
}

TEST(Deletion, IsUnderWayUntilItEnds) {
    EXPECT_TRUE(is_open(Status::queued));
    EXPECT_TRUE(is_open(Status::scheduled));
    EXPECT_TRUE(is_open(Status::held));
    EXPECT_FALSE(is_open(Status::executed));
    EXPECT_FALSE(is_open(Status::cancelled));
    EXPECT_FALSE(is_open(Status::failed));
}

TEST(Deletion, ItsMailIsNamedAfterItAndItsNumber) {
    Deletion deletion;
    deletion.id = "7f0c";
    EXPECT_EQ(mail_id(deletion, 2), "7f0c.2");
}

TEST(Deletion, RemembersAnAddressByItsHashAlone) {
    // printf ann@example.com | sha256sum
    EXPECT_EQ(
        address_hash("ann@example.com"),
        "71d4f55f72fa128dfb468a1a3901507c804b74316488744d769d7f4b16696476"
    );
}

}  // namespace
}  // namespace chatear::deletion
