package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Case;
import org.lethe.Chain;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Progress;
import org.lethe.Workers;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.study.Engine;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.study.Study;

class ChainTest {
    @TempDir
    Path folder;

    @Test
    void auditsSeeWhatAllStepsTogetherForgot() {
        Split data = Blocks.split(40, 25, 3, 7);
        ForgetUsers first = ForgetUsers.listed("4", "9");
        ForgetItems second = new ForgetItems(Choice.CORE, 10);
        Recommender model = new Bpr()
                .withDims(8)
                .withEpochs(2)
                .withBatch(64)
                .withLearningRate(1e-2)
                .withInitialSd(0.1)
                .withPatience(2)
                .train(data, Env.seeded(1));
        ForgetSets both = ForgetSets.of(new Case<>(data, new Chain(List.of(first, second)), model, model, model));
        Split left = first.resolve(data).remaining();
        ForgetRequest.Forgotten last = second.resolve(left);
        assertEquals(last.remaining().train(), both.gone().remaining().train());
        assertEquals(last.remaining().test(), both.gone().remaining().test());
        assertArrayEquals(new int[] {4, 9}, both.gone().users());
        assertEquals(
                data.train().size() - last.remaining().train().size(),
                both.gone().interactions().size());
        int[] some = {3, 4, 7};
        assertEquals(
                last.remaining().train().ofUsers(some),
                both.gone().remainingOf(some).train());
        assertTrue(both.gone().touchedUsers().length > 2);
    }

    @Test
    void exactMethodsGoThroughAChainAndAgreeWithRetraining() {
        String study = """
                study: chained
                subject: recsys
                data: [{planted: {users: 120, items: 100, validation: 0}}]
                model: [{bpr: {dims: 8, epochs: 4}}]
                request: [[{forget-users: {choose: random, percent: 10}}, {forget-items: {choose: core, percent: 5}}]]
                method: [{sisa: {shards: 1}}]
                audit: [completeness, utility, efficiency, fairness]
                seeds: [1]
                """;
        List<Run> runs = new Engine(Workers.here(), Progress.NONE, new DataFolders(List.of()))
                .run(Study.parse("chained.yaml", study, List.of(new Recsys())), RunFolder.at(folder), false);
        assertEquals(3, runs.size());
        for (Run run : runs) {
            assertEquals("", run.failure().map(Run.Failure::message).orElse(""));
            double distance = run.results().getFirst().findings().stream()
                    .filter(f -> f.name().equals("parameter-distance"))
                    .findFirst()
                    .orElseThrow()
                    .value();
            switch (run.role()) {
                case DO_NOTHING -> assertEquals(1, distance);
                case TESTED -> assertEquals(0, distance); // a single shard is retraining: the same bits
                case REFERENCE, REJECTED -> assertTrue(distance > 0); // judged is a retraining of another seed
            }
        }
    }
}
