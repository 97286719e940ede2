package org.lethe.recsys.hide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLoss;
import org.lethe.recsys.UserRows;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.MultVae;
import org.lethe.recsys.data.Planted;

/** That rows climb what the adversary descends, by finite differences, is a fact of {@code AdversarialTest}. */
class AdvMultVaeTest {
    /** Groups whose tastes are far apart. */
    private static final Split DATA =
            new Planted(300, 80, 20, 4, 2, 0.5, 1, 0, 0.2, 3).load(new DataFolders(List.of()));

    private static final Hide GROUP = new Hide(Planted.GROUP);
    private static final MultVae VAE = new MultVae()
            .withLatent(8)
            .withHidden(32)
            .withEpochs(30)
            .withBatch(60)
            .withLearningRate(5e-3)
            .withPatience(30);

    private static UserRows hidden(AdvMultVae method, MultVae vae) {
        Env env = Env.seeded(1);
        return (UserRows) method.fulfil(vae.train(DATA, UserLoss.NONE, env), GROUP, vae, DATA, env);
    }

    @Test
    void withoutReversalItIsPlainMultVae() {
        MultVae quick = VAE.withEpochs(2);
        UserRows plain = quick.train(DATA, Env.seeded(1));
        assertArrayEquals(plain.userRows(), hidden(new AdvMultVae(0, 8, 0.01), quick).userRows());
    }

    /** The acceptance check: an attacker of its own does no better than guessing on rows that told the group before. */
    @Test
    void aFreshAttackerIsLeftWithGuessing() {
        UserRows plain = VAE.train(DATA, Env.seeded(1));
        UserRows trained = hidden(new AdvMultVae(), VAE);
        double before = AdversarialTest.leak(plain, DATA);
        double after = AdversarialTest.leak(trained, DATA);
        assertTrue(before > 0.8, "before " + before);
        assertTrue(Math.abs(after - 0.5) <= 0.05, "after " + after + ", before " + before);
        assertTrue(AdversarialTest.ndcg(trained, DATA) > 0.5 * AdversarialTest.ndcg(plain, DATA));
    }

    @Test
    void otherModelsAreRefused() {
        assertTrue(new AdvMultVae()
                .unsuited(GROUP, new Bpr())
                .orElseThrow()
                .startsWith("adv-multvae trains a multvae, not bpr"));
    }
}
