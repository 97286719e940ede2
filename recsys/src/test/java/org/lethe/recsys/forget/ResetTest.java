package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.data.Planted;

class ResetTest {
    @Test
    void onlyForgottenUsersAreBackWhereTheyBegan() {
        Split data = new Planted().load(new org.lethe.DataFolders(List.of()));
        Bpr bpr = new Bpr().withEpochs(2);
        Env env = Env.seeded(5);
        Recommender before = new Reset().learn(bpr, data, env);
        Recommender after = new Reset().fulfil(before, ForgetUsers.listed("3", "7"), bpr, data, env);
        Recommender untrained = bpr.start(data, env).model();
        for (int user = 0; user < data.users(); user++) {
            if (user == 3 || user == 7) {
                assertNotEquals(before.score(user, 0), after.score(user, 0));
            } else {
                assertEquals(before.score(user, 0), after.score(user, 0));
            }
        }
        assertNotEquals(untrained.score(3, 0), after.score(3, 0), "traces in the items' embeddings stay");
    }
}
