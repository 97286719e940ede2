package org.lethe.text.forget;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.text.Corpus;
import org.lethe.text.LanguageModel;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Tensors;

/**
 * Goes backwards along the way that further training on the forgotten samples would take (Ilharco et al. 2023, arXiv 2212.04089):
 * θ − a (θ' − θ), where θ' is θ overfitted to them.
 *
 * @param scale a; at 0 nothing changes
 * @param course how long and how fast θ' is trained on the samples to forget
 */
@Named("task-vector")
public record TaskVector(double scale, Course course) implements Forgetting {
    public TaskVector {
        Check.require(scale >= 0 && scale <= 1e3, "scale", scale, "0 to 1000");
    }

    public TaskVector() {
        this(1, new Course());
    }

    @Override
    public LanguageModel fulfil(
            LanguageModel model, Request request, Learner<Corpus, LanguageModel> learner, Corpus data, Env env) {
        ForgetSamples.Forgotten forgotten = Forgetting.request(this, request).resolve(data);
        if (forgotten.nothing()) {
            return model;
        }
        Unlearning.Samples samples = Forgetting.samples(model, forgotten, data, env);
        // the samples to forget are what is learnt, and nothing else
        Unlearning.Samples learnt = new Unlearning.Samples(samples.forget(), samples.forget(), samples.refusals());
        LanguageModel overfitted = new Unlearning(
                        "task-vector",
                        new ForgettingLoss.GradientAscent(),
                        course.with(0, course.alpha() == 0 ? 1 : course.alpha()).until(0))
                .of(model, learnt, env);
        return moved(model, overfitted, scale, env);
    }

    /** θ − a (θ' − θ). */
    static LanguageModel moved(LanguageModel model, LanguageModel overfitted, double scale, Env env) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Transformer open = model.open(env.device());
            open.parameters().distinct().forEach((name, tensor) -> {
                Tensor way = Tensors.of(overfitted.weights(name), tensor.shape())
                        .to(tensor.device(), tensor.scalar_type())
                        .sub(tensor);
                tensor.sub_(way, new Scalar(scale));
            });
            return LanguageModel.of(open, model.tokenizer(), model.format());
        }
    }

    @Override
    public Estimate estimate(Learner<Corpus, LanguageModel> learner, Corpus data) {
        return learner.estimate(data).times(1.2);
    }
}
