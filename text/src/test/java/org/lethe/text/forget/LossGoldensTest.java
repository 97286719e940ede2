package org.lethe.text.forget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.model.Transformer;
import org.lethe.torch.ModelFiles;
import org.lethe.torch.Tensors;

/** Losses and gradients are those of the reference libraries on a tiny Llama. */
final class LossGoldensTest {
    private interface Case {
        Tensor loss(Transformer policy, Transformer reference, TokenBatch chosen, TokenBatch rejected, TokenBatch kept);
    }

    /** Relative tolerance of losses, absolute of gradients, as the golden files say. */
    private static void check(String key, Case formula) throws IOException {
        check(key, 1e-5, 0, formula);
    }

    private static void check(String key, double relative, double absolute, Case formula) throws IOException {
        JsonNode expected = Golden.json("goldens/align/golden.json").path(key).path("loss");
        assertTrue(expected.isNumber(), "no golden loss " + key);
        try (var _ = new PointerScope()) {
            Transformer policy = Golden.llama("goldens/align/policy.safetensors");
            Transformer reference = Golden.llama("goldens/llm/llama/model.safetensors");
            policy.parameters().train(_ -> true);
            TokenBatch chosen = TokenBatch.of(Golden.rows("chosen"), Device.CPU);
            TokenBatch rejected = TokenBatch.of(Golden.rows("rejected"), Device.CPU);
            TokenBatch kept = Golden.padded("retain");
            Tensor loss = formula.loss(policy, reference, chosen, rejected, kept);
            double bound = Math.max(absolute, relative * Math.abs(expected.asDouble()));
            assertEquals(expected.asDouble(), loss.item_double(), bound, key);
            loss.backward();
            int compared = 0;
            try (ModelFiles files = ModelFiles.open(Golden.of("goldens/align/golden.safetensors"))) {
                String prefix = "grad." + key + ".";
                for (String name : files.names()) {
                    if (name.startsWith(prefix)) {
                        Tensor gradient = policy.parameters()
                                .tensor(name.substring(prefix.length()))
                                .grad();
                        float[] known = Tensors.floats(Tensors.of(files.file(name), name));
                        // a tensor that the loss does not reach has no gradient; the reference library writes zeros
                        float[] own = gradient.defined() ? Tensors.floats(gradient) : new float[known.length];
                        for (int i = 0; i < known.length; i++) {
                            assertEquals(known[i], own[i], 1e-5, name + "[" + i + "]");
                        }
                        compared++;
                    }
                }
            }
            assertTrue(compared >= 2, "gradients of " + key);
        }
    }

    private static Case forget(ForgettingLoss loss) {
        return (policy, reference, chosen, rejected, _) ->
                loss.reduction().of(loss.of(policy, reference, rejected, () -> chosen), rejected);
    }

    private static Case both(ForgettingLoss loss, RetainLoss retain, double gamma, double alpha) {
        return (policy, reference, chosen, rejected, kept) -> forget(loss)
                .loss(policy, reference, chosen, rejected, kept)
                .mul(new Scalar(gamma))
                .add(retain.of(policy, reference, kept), new Scalar(alpha));
    }

    @Test
    void crossEntropiesOfBothReductions() throws IOException {
        check(
                "sft.chosen.token_mean",
                (policy, _, chosen, _, _) ->
                        Reduction.TOKEN.of(TokenScores.of(policy, chosen).crossEntropies(), chosen));
        check(
                "sft.chosen.sample_mean",
                (policy, _, chosen, _, _) ->
                        Reduction.SAMPLE.of(TokenScores.of(policy, chosen).crossEntropies(), chosen));
    }

    @Test
    void gradientAscentAndDifference() throws IOException {
        check("ga", forget(new ForgettingLoss.GradientAscent()));
        RetainLoss nll = new RetainLoss.Nll();
        check("graddiff.gamma1.alpha1", 0, 1e-5, both(new ForgettingLoss.GradientAscent(), nll, 1, 1));
        check("graddiff.gamma0.5.alpha2", 0, 1e-5, both(new ForgettingLoss.GradientAscent(), nll, 0.5, 2));
    }

    @Test
    void divergencesInThreeReductions() throws IOException {
        check("kl.mean_over_unpadded_positions", kl(RetainLoss.Positions.UNPADDED));
        check("kl.mean_over_labelled_positions", kl(RetainLoss.Positions.LABELLED));
    }

    /** The states of padding differ: here it stands at the last token's place, in the reference library it counts on. */
    @Test
    void divergenceOverAllPositionsCountsPaddingToo() throws IOException {
        double known = Golden.json("goldens/align/golden.json")
                .path("kl.retain.mean_over_all_positions")
                .path("loss")
                .asDouble();
        try (var _ = new PointerScope()) {
            Tensor loss = new RetainLoss.Kl(RetainLoss.Positions.ALL)
                    .of(
                            Golden.llama("goldens/align/policy.safetensors"),
                            Golden.llama("goldens/llm/llama/model.safetensors"),
                            Golden.padded("retain"));
            assertEquals(known, loss.item_double(), 0.02 * known);
        }
    }

    @Test
    void klMinIsAscentAndDivergence() throws IOException {
        JsonNode known = Golden.json("goldens/align/golden.json");
        double sum = known.path("ga").path("loss").asDouble()
                + known.path("kl.mean_over_unpadded_positions").path("loss").asDouble();
        try (var _ = new PointerScope()) {
            Tensor loss = both(new ForgettingLoss.GradientAscent(), new RetainLoss.Kl(), 1, 1)
                    .loss(
                            Golden.llama("goldens/align/policy.safetensors"),
                            Golden.llama("goldens/llm/llama/model.safetensors"),
                            TokenBatch.of(Golden.rows("chosen"), Device.CPU),
                            TokenBatch.of(Golden.rows("rejected"), Device.CPU),
                            Golden.padded("retain"));
            assertEquals(sum, loss.item_double(), 1e-5 * Math.abs(sum));
        }
    }

    private static Case kl(RetainLoss.Positions over) {
        return (policy, reference, _, _, kept) -> new RetainLoss.Kl(over).of(policy, reference, kept);
    }

    @Test
    void negativePreferences() throws IOException {
        check("npo.beta0.1", forget(new ForgettingLoss.Npo()));
        check("npo.beta0.1+retain", both(new ForgettingLoss.Npo(), new RetainLoss.Nll(), 1, 1));
        check("idkdpo.beta0.1", forget(new ForgettingLoss.IdkDpo()));
        check("simnpo.beta4.5.delta0", 1e-3, 0, forget(new ForgettingLoss.SimNpo()));
        check("simnpo.beta4.5.delta5", forget(new ForgettingLoss.SimNpo(4.5, 5)));
    }

    @Test
    void weightedAscents() throws IOException {
        check("wga.beta1", forget(new ForgettingLoss.Wga()));
        check("satimp.b5.b1", forget(new ForgettingLoss.SatImp()));
    }

    @Test
    void distillationWithoutTheTrueToken() throws IOException {
        check("undial.beta10.labelled_positions", forget(new ForgettingLoss.Undial()));
    }

    @Test
    void misdirectedRepresentations() throws IOException {
        float[] control = Golden.tensor("in.rmu.control");
        ForgettingLoss.Rmu rmu = new ForgettingLoss.Rmu(1, 2, 42, Reduction.TOKEN);
        check(
                "rmu.layer_output1.c2",
                (policy, _, _, rejected, _) ->
                        rmu.reduction().of(rmu.of(policy, rejected, Tensors.of(control, control.length)), rejected));
        double squares = 0;
        for (float c : control) {
            squares += c * c;
        }
        assertEquals(2, Math.sqrt(squares), 1e-6);
    }
}
