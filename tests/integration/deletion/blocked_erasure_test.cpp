// What keeps one account from being erased, and none behind it.
#include "erasure_fixture.hpp"

#include <string>

namespace chatear::deletion {
namespace {

class BlockedErasure : public ErasureTest {
protected:
    BlockedErasure() {
        at_ = &process();
        anns_ = deleted("ann", "40 days");
        bobs_ = deleted("bob", "35 days");
        mail(anns_ + ".1");
    }

    /// "refused: no row was updated"
    std::string erased(const std::string& id) {
        const Erasure done = erase(id);
        const std::string answer(to_text(done.answer));
        return done.refused_for.empty() ? answer : answer + ": " + done.refused_for;
    }

    /// Nothing of ann's was touched, and bob's is erased in the round.
    void only_bob_goes_in_a_round() {
        EXPECT_EQ(pass(), ErasurePass::every);
        EXPECT_EQ(sql("SELECT id FROM user_deletions WHERE erased_at IS NOT NULL"), bobs_);
        EXPECT_EQ(sql("SELECT name FROM users WHERE name IS NOT NULL"), "ann");
        EXPECT_EQ(sql("SELECT recipient FROM email_sends"), "ann@example.test");
        EXPECT_EQ(audited(), "user.erased");
    }

    std::string anns_;
    std::string bobs_;
};

TEST_F(BlockedErasure, ATriggerThatKeepsTheRowAsItIsRefusesIt) {
    keep_as_it_is();
    EXPECT_EQ(erased(anns_), "refused: no row was updated");
    only_bob_goes_in_a_round();
    sql("DROP TRIGGER keep ON users");
    EXPECT_EQ(erased(anns_), "erased");
}

}  // namespace
}  // namespace chatear::deletion
