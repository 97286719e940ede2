package org.lethe.recsys.forget;

import java.util.ArrayList;
import java.util.List;
import org.lethe.Case;
import org.lethe.Chain;
import org.lethe.Request;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

/**
 * The sets that audits of forgetting compare: the forget set, the retain set and unseen pairs.
 *
 * @param gone the forget set and the retain set; nothing is forgotten if the request is not about forgetting
 * @param unseen pairs that were never trained on and are otherwise like the forgotten ones: the test pairs removed with the
 *     request, or else those of the affected users
 */
record ForgetSets(Forgotten gone, Interactions unseen) {
    static ForgetSets of(Case<Split, Recommender> c) {
        Split data = c.data();
        List<Forgotten> steps = new ArrayList<>();
        Split left = data;
        for (Request step : Chain.steps(c.request())) {
            if (step instanceof ForgetRequest forget) {
                steps.add(forget.resolve(left));
                left = steps.getLast().remaining();
            }
        }
        Forgotten gone = switch (steps.size()) {
            case 0 -> Forgotten.ofPairs(data, (u, i) -> false);
            case 1 -> steps.getFirst();
            default -> Forgotten.together(data, steps);
        };
        return new ForgetSets(gone, unseen(gone, data));
    }

    /** The same case with the served model of each sharded model; other models stay the same objects. */
    static Case<Split, Recommender> served(Case<Split, Recommender> c) {
        return new Case<>(
                c.data(),
                c.remaining(),
                c.request(),
                c.before().served(),
                c.after().served(),
                c.reference().served(),
                c.others().stream().map(Recommender::served).toList(),
                c.learned(),
                c.fulfilled(),
                c.referenced(),
                c.baseline());
    }

    /** Whether nothing is to be forgotten. */
    boolean empty() {
        return gone.interactions().size() == 0;
    }

    private static Interactions unseen(Forgotten gone, Split data) {
        Interactions left = gone.remaining().test();
        Interactions taken = data.test().where((u, i) -> !left.contains(u, i));
        Interactions lost = gone.interactions();
        return taken.size() > 0 ? taken : data.test().where((u, i) -> lost.degree(u) > 0);
    }
}
