package org.lethe.image.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Work;

/**
 * The exact diffusion model of normal data: each style is a normal distribution around its mean picture. It paints nothing worth
 * seeing, but every loss, guidance and inversion on it has a closed form, and it is there in milliseconds.
 *
 * @param deviation s of the pictures around their mean, on the scale from −1 to 1
 */
@Named("gaussian")
public record Gaussian(double deviation) implements Learner<Gallery, ImageModel> {
    public Gaussian {
        Check.require(deviation > 0 && deviation <= 10, "deviation", deviation, "above 0, at most 10");
    }

    /** A deviation of 0.5. */
    public Gaussian() {
        this(0.5);
    }

    @Override
    public ImageModel train(Gallery data, Env env) {
        Map<String, float[]> means = new LinkedHashMap<>();
        List<Work> all = data.known(Work.Part.TRAINING);
        means.put("", mean(all));
        for (String style : data.known()) {
            means.put(
                    " in the style of " + style,
                    mean(all.stream().filter(w -> w.style().equals(style)).toList()));
        }
        return ImageModel.of(new GaussianWeights(means, data.height(), data.width(), deviation));
    }

    private static float[] mean(List<Work> works) {
        Check.require(!works.isEmpty(), "training works of a style", 0, "at least 1");
        double[] sum = new double[works.getFirst().picture().values().length];
        for (Work work : works) {
            float[] values = work.picture().values();
            for (int i = 0; i < sum.length; i++) {
                sum[i] += 2 * values[i] - 1;
            }
        }
        float[] mean = new float[sum.length];
        for (int i = 0; i < sum.length; i++) {
            mean[i] = (float) (sum[i] / works.size());
        }
        return mean;
    }

    @Override
    public Estimate estimate(Gallery data) {
        long values = 3L * data.height() * data.width();
        return new Estimate(
                1e-8 * values * data.works().size(), 4 * values * (data.styles().size() + 1));
    }
}
