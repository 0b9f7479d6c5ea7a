#include "admin/deletion_orders.hpp"

#include <gtest/gtest.h>

namespace chatear::admin {
namespace {

using deletion::Deletion;
using deletion::Status;

constexpr std::chrono::milliseconds day{std::chrono::hours(24)};

Status after(DeletionOrder order, Status from) {
    Deletion row;
    row.id = "d1";
    row.user_id = "u1";
    row.status = from;
    row.held_from = Status::queued;
    const auto change = change_for(order, row, Time{}, day, "why");
    return change ? change->after.status : from;
}

TEST(DeletionOrders, LeadWhereTheRulesLetThem) {
    struct Case {
        DeletionOrder order;
        Status from;
        Status to;
    };
    const Case cases[] = {
        {DeletionOrder::cancel, Status::queued, Status::cancelled},
        {DeletionOrder::cancel, Status::scheduled, Status::cancelled},
        {DeletionOrder::cancel, Status::held, Status::cancelled},
        {DeletionOrder::cancel, Status::executed, Status::executed},
        {DeletionOrder::cancel, Status::failed, Status::failed},
        {DeletionOrder::run, Status::held, Status::queued},
        {DeletionOrder::run, Status::queued, Status::queued},
        {DeletionOrder::run, Status::scheduled, Status::scheduled},
        {DeletionOrder::resend, Status::held, Status::queued},
        {DeletionOrder::resend, Status::scheduled, Status::scheduled},
        {DeletionOrder::accept, Status::held, Status::scheduled},
        {DeletionOrder::accept, Status::queued, Status::queued},
        {DeletionOrder::accept, Status::cancelled, Status::cancelled},
    };
    for (const Case& one : cases) {
        SCOPED_TRACE(allowed_for(one.order));
        EXPECT_EQ(after(one.order, one.from), one.to) << to_text(one.from);
    }
}

TEST(DeletionOrders, AreSignedByTheOperator) {
    Deletion row;
    row.id = "d1";
    const auto change = change_for(DeletionOrder::cancel, row, Time{}, day, "ticket 812");
    ASSERT_TRUE(change);
    EXPECT_EQ(change->audit.at(0).meta.at("by"), "operator");
    EXPECT_EQ(change->audit.at(0).meta.at("reason"), "ticket 812");
}

}  // namespace
}  // namespace chatear::admin
