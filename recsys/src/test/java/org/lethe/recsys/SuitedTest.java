package org.lethe.recsys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.recsys.balance.Balance;
import org.lethe.recsys.forget.ForgetUsers;
import org.lethe.recsys.hide.Hide;
import org.lethe.study.Study;

/** What a method or an audit can do nothing with is said when a study is read, by its line. */
class SuitedTest {
    private static final String STUDY = """
            study: mixed
            subject: recsys
            data: [planted]
            model: [MODEL]
            request: [REQUEST]
            method:
              - METHOD
            audit: [AUDIT]
            seeds: [1]
            """;

    private static Study<?, ?> read(String model, String request, String method, String audit) {
        String text = STUDY.replace("MODEL", model)
                .replace("REQUEST", request)
                .replace("METHOD", method)
                .replace("AUDIT", audit);
        return Study.parse("mixed.yaml", text, List.of(new Recsys()));
    }

    private static String refused(String model, String request, String method, String audit) {
        return assertThrows(LetheException.class, () -> read(model, request, method, audit))
                .getMessage();
    }

    @Test
    void requestsOfAnotherKind() {
        for (String method : List.of("d2d-r", "raid", "transport-map")) {
            assertEquals(
                    "mixed.yaml:7: " + method + " fulfils requests to hide, not forget-users",
                    refused("bpr", "forget-users", method, "utility"));
        }
        assertEquals(
                "mixed.yaml:7: equal-noise moves users as far as another method, and d2d-r fulfils requests to hide, not"
                        + " forget-users",
                refused("bpr", "forget-users", "equal-noise", "utility"));
        for (String method : List.of("retrain", "sisa", "receraser", "scif")) {
            assertEquals(
                    "mixed.yaml:7: " + method + " fulfils requests to forget, not hide",
                    refused("bpr", "hide", method, "utility"));
        }
        read("bpr", "hide", "d2d-r", "attribute-inference");
        read("bpr", "forget-users", "sisa", "utility");
    }

    @Test
    void everyMethodOfTheCatalogueForgetsHidesOrBalances() {
        for (Method<Split, Recommender> method : new Recsys().methods()) {
            long taken = Stream.<Request>of(new ForgetUsers(), new Hide(), new Balance())
                    .filter(request -> new Recsys()
                            .models().stream()
                                    .anyMatch(learner ->
                                            method.unsuited(request, learner).isEmpty()))
                    .count();
            assertEquals(1, taken, method.toString());
        }
    }

    @Test
    void modelsThatCannotBeWorkedOn() {
        assertEquals(
                "mixed.yaml:7: raid has a warm-up of 10 epochs, expected fewer than the 5 of bpr",
                refused("{bpr: {epochs: 5}}", "hide", "raid", "preservation"));
        assertEquals(
                "mixed.yaml:7: raid needs a model trained by gradient steps, for example bpr or lightgcn, not als",
                refused("als", "hide", "raid", "preservation"));
        assertEquals(
                "mixed.yaml:7: scif needs user and item tables, as bpr or wmf train them, not"
                        + " neumf; retrain, sisa and ultrare work on any model",
                refused("neumf", "forget-users", "scif", "utility"));
    }

    @Test
    void layersThatAttentionCannotPutTogether() {
        assertEquals(
                "mixed.yaml:7: receraser combines tables by attention, and neumf has layers after its tables; use"
                        + " {aggregate: own}, or ultrare, which weights scores",
                refused("neumf", "forget-users", "receraser", "utility"));
        read("neumf", "forget-users", "ultrare", "utility");
        read("dmf", "forget-users", "receraser", "utility");
    }

    @Test
    void auditsWithNothingToMeasure() {
        assertEquals(
                "mixed.yaml:8: recommendation-inference looks at requests to hide, not forget-users",
                refused("bpr", "forget-users", "retrain", "recommendation-inference"));
    }
}
