package org.lethe.text.forget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.model.Architecture;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/** Scores of a real checkpoint of 260,032 parameters agree with those of an independent program in float64. */
final class MrdStoriesTest {
    private static Transformer stories() throws IOException {
        Devices.ready(Device.CPU);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(Golden.of("llm/stories260k/stories260K.bin")))
                .order(ByteOrder.LITTLE_ENDIAN);
        int d = bytes.getInt();
        int hidden = bytes.getInt();
        int layers = bytes.getInt();
        int heads = bytes.getInt();
        int groups = bytes.getInt();
        int vocabulary = bytes.getInt();
        int positions = bytes.getInt();
        Transformer model = new Transformer(
                Architecture.parse(
                        """
                        {"model_type": "llama", "hidden_size": %d, "intermediate_size": %d, "num_hidden_layers": %d,
                         "num_attention_heads": %d, "num_key_value_heads": %d, "vocab_size": %d,
                         "max_position_embeddings": %d, "rms_norm_eps": 1e-5, "tie_word_embeddings": true}
                        """.formatted(d, hidden, layers, heads, groups, vocabulary, positions), "stories260k"),
                Device.CPU);
        int kv = groups * d / heads;
        set(model, "model.embed_tokens.weight", bytes, vocabulary, d, 0);
        all(model, layers, "input_layernorm", bytes, d, 1, 0);
        all(model, layers, "self_attn.q_proj", bytes, d, d, heads);
        all(model, layers, "self_attn.k_proj", bytes, kv, d, groups);
        all(model, layers, "self_attn.v_proj", bytes, kv, d, 0);
        all(model, layers, "self_attn.o_proj", bytes, d, d, 0);
        all(model, layers, "post_attention_layernorm", bytes, d, 1, 0);
        all(model, layers, "mlp.gate_proj", bytes, hidden, d, 0);
        all(model, layers, "mlp.down_proj", bytes, d, hidden, 0);
        all(model, layers, "mlp.up_proj", bytes, hidden, d, 0);
        set(model, "model.norm.weight", bytes, d, 1, 0);
        return model;
    }

    private static void all(
            Transformer model, int layers, String part, ByteBuffer bytes, int rows, int columns, int heads) {
        for (int l = 0; l < layers; l++) {
            set(model, "model.layers." + l + "." + part + ".weight", bytes, rows, columns, heads);
        }
    }

    /** Rows of queries and keys are rotated in pairs there, and in halves here. */
    private static void set(Transformer model, String name, ByteBuffer bytes, int rows, int columns, int heads) {
        float[] values = new float[rows * columns];
        for (int r = 0; r < rows; r++) {
            int to = r;
            if (heads > 0) {
                int width = rows / heads;
                int within = r % width;
                to = r - within + within / 2 + within % 2 * (width / 2);
            }
            for (int c = 0; c < columns; c++) {
                values[to * columns + c] = bytes.getFloat();
            }
        }
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            var tensor = model.parameters().tensor(name);
            tensor.copy_(Tensors.of(values, tensor.shape()));
        }
    }

    private static List<Encoded> sentences(JsonNode rows) {
        List<Encoded> texts = new ArrayList<>();
        for (JsonNode row : rows) {
            int[] ids = new int[row.path("ids").size()];
            for (int t = 0; t < ids.length; t++) {
                ids[t] = row.path("ids").get(t).asInt();
            }
            texts.add(new Encoded(ids, 1));
        }
        return texts;
    }

    @Test
    void scoresOfStoriesAgreeWithTheReference() throws IOException {
        JsonNode rows = Golden.json("llm/stories260k/reference_logprobs.json");
        JsonNode known = Golden.json("llm/stories260k/reference_mrd.json").path("0.001");
        try (var _ = new PointerScope()) {
            Transformer model = stories();
            List<Encoded> texts = sentences(rows);
            double[][] read = Scored.of(model, texts, "", 8).read();
            for (int i = 0; i < read.length; i++) {
                for (int t = 0; t < read[i].length; t++) {
                    assertEquals(rows.get(i).path("token_logprobs").get(t).asDouble(), read[i][t], 1e-4);
                }
            }
            Mrd mrd = new Mrd().with(new Mrd.Antithetic(60, Optional.of(1e-3)));
            Mrd.Scores both = mrd.of(model, texts, Keyed.seed(1));
            Mrd.Scores one =
                    mrd.with(new Mrd.Paper(60, 1e-3, 1e9, false, false)).of(model, texts, Keyed.seed(2));
            for (int i = 0; i < read.length; i++) {
                double joint = Math.hypot(
                        both.standardError()[i], known.path("anti_se").get(i).asDouble());
                assertEquals(known.path("anti_mean").get(i).asDouble(), both.signed()[i], 4 * joint, "sentence " + i);
                double sd = one.standardError()[i] * Math.sqrt(60);
                double expected = known.path("single_sd").get(i).asDouble();
                assertEquals(expected, sd, 0.35 * expected, "spread of sentence " + i);
            }
            Mrd.Scores found = new Mrd().of(model, texts, Keyed.seed(1));
            double[] normalised = found.normalised();
            for (int i = 0; i < read.length; i++) {
                double expected = Math.abs(known.path("anti_mean").get(i).asDouble()) / 1e-6;
                assertEquals(expected, normalised[i], 0.5 * expected, "σ is " + found.sigma());
            }
            assertTrue(found.sigma() > 1e-5 && found.sigma() < 1e-2, "σ is " + found.sigma());
        }
    }
}
