package org.lethe.recsys.hide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.Case;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Verdict;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.SampledRanking;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.data.Planted;
import org.lethe.statistics.Statistics;

class PreservationTest {
    private static final Split DATA = new Planted(600, 200, 20, 3).load(new DataFolders(List.of()));

    private static Embeddings random(int seed) {
        float[] users = new float[DATA.users() * 8];
        float[] items = new float[DATA.items() * 8];
        for (int n = 0; n < users.length; n++) {
            users[n] = (float) Keyed.normal(Keyed.seed(seed).of("u").at(n));
        }
        for (int n = 0; n < items.length; n++) {
            items[n] = (float) Keyed.normal(Keyed.seed(seed).of("i").at(n));
        }
        return new Embeddings(8, users, items);
    }

    private static List<Finding> examine(Recommender before, Recommender after) {
        return new Preservation().examine(new Case<>(DATA, new Hide("group"), before, after, before), Env.seeded(1));
    }

    private static Finding named(String name, List<Finding> findings) {
        return findings.stream().filter(f -> f.name().equals(name)).findFirst().orElseThrow();
    }

    @Test
    void randomScoresHitOneListInTen() {
        double total = 0;
        for (int seed = 0; seed < 5; seed++) {
            total += Statistics.mean(SampledRanking.test(random(seed), DATA, 10, 99, Keyed.seed(seed), Workers.here())
                    .hitRate());
        }
        assertEquals(0.1, total / 5, 0.02); // 3,000 users of about four items: sd about 0.004
    }

    @Test
    void equalScoresHitNothing() {
        Embeddings same = new Embeddings(8, new float[DATA.users() * 8], new float[DATA.items() * 8]);
        SampledRanking.Quality quality = SampledRanking.test(same, DATA, 10, 99, Keyed.seed(1), Workers.here());
        assertEquals(0, Statistics.mean(quality.hitRate()));
        assertTrue(quality.users().length > 500);
    }

    @Test
    void doingNothingLosesNothingAndALevelledModelIsRejected() {
        Embeddings model = new Bpr().train(DATA, Env.seeded(1));
        Finding none = named("ndcg@10-loss", examine(model, model));
        assertEquals(0, none.value());
        assertTrue(none.verdict().orElseThrow() instanceof Verdict.Pass);
        Embeddings level = model.withUserRows(new float[model.userRows().length]);
        for (String name : List.of("hitRate@10-loss", "ndcg@10-loss", "full-hitRate@10-loss", "full-ndcg@10-loss")) {
            Finding lost = named(name, examine(model, level));
            assertTrue(lost.verdict().orElseThrow() instanceof Verdict.Fail, name + " " + lost);
        }
    }

    @Test
    void aSmallLossIsUndecidedAndSaysWhy() {
        Embeddings model = new Bpr().train(DATA, Env.seeded(1));
        float[] rows = model.userRows().clone();
        for (int n = 0; n < rows.length / 12; n++) {
            rows[n] = 0; // one user in twelve loses all
        }
        Finding lost = named("hitRate@10-loss", examine(model, model.withUserRows(rows)));
        assertTrue(lost.interval().orElseThrow().contains(lost.value()));
        assertTrue(lost.value() > 0.03 && lost.value() < 0.15, "lost " + lost.value());
    }
}
