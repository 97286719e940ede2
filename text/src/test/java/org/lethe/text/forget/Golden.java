package org.lethe.text.forget;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Assumptions;
import org.lethe.Device;
import org.lethe.text.Encoded;
import org.lethe.text.TokenBatch;
import org.lethe.text.model.Architecture;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Devices;
import org.lethe.torch.ModelFiles;
import org.lethe.torch.Tensors;

/** Known answers beside the checkout or in {@code $LETHE_DATA}; tests are skipped without them. */
final class Golden {
    private Golden() {}

    static Path of(String name) {
        Optional<Path> found = Stream.of(
                        Optional.ofNullable(System.getenv("LETHE_DATA")).orElse(""),
                        "../shared/data",
                        "../../shared/data")
                .filter(s -> !s.isBlank())
                .map(s -> Path.of(s).resolve(name))
                .filter(Files::exists)
                .findFirst();
        Assumptions.assumeTrue(found.isPresent(), "the reference data are not here: set LETHE_DATA to their folder");
        return found.orElseThrow();
    }

    static JsonNode json(String name) throws IOException {
        return JsonMapper.builder().build().readTree(of(name).toFile());
    }

    /** The tiny Llama of the golden files with the weights of a file. */
    static Transformer llama(String weights) throws IOException {
        Devices.ready(Device.CPU);
        Transformer model = new Transformer(Architecture.read(of("goldens/llm/llama/config.json")), Device.CPU);
        try (ModelFiles files = ModelFiles.open(of(weights))) {
            files.load(model.parameters());
        }
        return model;
    }

    /** The rows {@code in.KIND.*} of the golden file. */
    static List<Encoded> rows(String kind) throws IOException {
        try (ModelFiles files = ModelFiles.open(of("goldens/align/golden.safetensors"))) {
            int[] ids = whole(files, "in." + kind + ".input_ids");
            int[] mask = whole(files, "in." + kind + ".attention_mask");
            int[] labels = whole(files, "in." + kind + ".labels");
            List<Encoded> rows = new ArrayList<>();
            for (int r = 0; r < 3; r++) {
                int length = 0;
                int answer = 0;
                for (int t = 0; t < 12; t++) {
                    length += mask[r * 12 + t];
                    answer = answer == 0 && labels[r * 12 + t] != -100 ? t : answer;
                }
                int[] own = new int[length];
                System.arraycopy(ids, r * 12, own, 0, length);
                rows.add(new Encoded(own, answer));
            }
            return rows;
        }
    }

    /** A batch of these rows, padded as far as in the golden file, which is one token more than they need. */
    static TokenBatch padded(String kind) throws IOException {
        TokenBatch batch = TokenBatch.of(rows(kind), Device.CPU);
        Tensor column = torch.zeros(3, 1).to(torch.ScalarType.Long);
        return new TokenBatch(
                torch.cat(new TensorVector(batch.ids(), column), 1),
                torch.cat(new TensorVector(batch.mask(), column), 1),
                batch.places().add(batch.rows()), // rows of predictions are one longer
                batch.labels(),
                batch.rows(),
                batch.counts());
    }

    private static int[] whole(ModelFiles files, String name) {
        float[] values = Tensors.floats(Tensors.of(files.file(name), name).to(torch.ScalarType.Float));
        int[] whole = new int[values.length];
        for (int i = 0; i < whole.length; i++) {
            whole[i] = (int) values[i];
        }
        return whole;
    }

    static float[] tensor(String name) throws IOException {
        try (ModelFiles files = ModelFiles.open(of("goldens/align/golden.safetensors"))) {
            return Tensors.floats(Tensors.of(files.file(name), name));
        }
    }
}
